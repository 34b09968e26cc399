(()=>{
const number=cell=>{const text=cell.textContent.replace(/[−–]/g,"-").replace(/[^0-9.-]/g,"");return text===""||isNaN(text)?null:Number(text)};
const fold=(table,isFolded)=>{const button=table.nextElementSibling;if(!button||!button.classList.contains("all"))return;
table.classList.toggle("folded",isFolded);button.setAttribute("aria-expanded",String(!isFolded));button.textContent=isFolded?button.dataset.more:"Show fewer rows"};
for(const table of document.querySelectorAll("table.sorted")){
const body=table.tBodies[0],heads=[...table.tHead.rows[0].cells];
heads.forEach((head,at)=>{
if(!head.textContent.trim())return;
const button=document.createElement("button");
button.type="button";button.textContent=head.textContent;head.replaceChildren(button);
button.addEventListener("click",()=>{
fold(table,false);
const down=head.getAttribute("aria-sort")!=="descending"&&at>0||head.getAttribute("aria-sort")==="ascending";
heads.forEach(other=>other.removeAttribute("aria-sort"));
head.setAttribute("aria-sort",down?"descending":"ascending");
const value=row=>at?number(row.cells[at]):row.cells[0].textContent;
const compare=(a,b)=>{const x=value(a),y=value(b);if(x===null||y===null)return(x===null)-(y===null);return(at?x-y:x.localeCompare(y))*(down?-1:1)};
const rows=[...body.rows],last=rows.filter(row=>row.classList.contains("last"));
body.append(...rows.filter(row=>!row.classList.contains("last")).sort(compare),...last);
});
});
}
for(const rest of document.querySelectorAll("tr.rest")){
const table=rest.closest("table"),button=document.createElement("button");
button.type="button";button.className="all";button.dataset.more=`Show ${table.querySelectorAll(".more:not(.last)").length} more rows`;
button.addEventListener("click",()=>fold(table,!table.classList.contains("folded")));
table.after(button);
fold(table,true);
}
})();
