(()=>{
const number=cell=>{const text=cell.textContent.replace(/[−–]/g,"-").replace(/[^0-9.-]/g,"");return text===""||isNaN(text)?null:Number(text)};
for(const table of document.querySelectorAll("table.sorted")){
const body=table.tBodies[0],heads=[...table.tHead.rows[0].cells];
heads.forEach((head,at)=>{
if(!head.textContent.trim())return;
const button=document.createElement("button");
button.type="button";button.textContent=head.textContent;head.replaceChildren(button);
button.addEventListener("click",()=>{
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
for(const table of document.querySelectorAll("#regions table.sorted")){
if(table.closest("details"))continue;
const shown=15,rows=table.tBodies[0].rows,fold=()=>[...rows].forEach((row,at)=>row.classList.toggle("more",at>=shown&&!row.classList.contains("last")));
if(rows.length<=shown+3)continue;
const button=document.createElement("button");
button.type="button";button.className="all";button.textContent=`Show all ${rows.length} rows`;
const observer=new MutationObserver(fold);
button.addEventListener("click",()=>{observer.disconnect();[...rows].forEach(row=>row.classList.remove("more"));button.remove()});
(table.closest(".scroll")||table).after(button);
fold();
observer.observe(table.tBodies[0],{childList:true});
}
addEventListener("beforeprint",()=>document.querySelectorAll("details").forEach(part=>part.open=true));
})();
